/** The reasons and errors the server writes in English, in the page's language; what is not known stays as it is. */

import { language } from './i18n.js';

/** @type {Record<string, string>} */
const SPANISH = {
  "Another client took this bot's place; connect to take it back":
    'Otro cliente ocupó el lugar de este bot; conéctalo para recuperarlo',
  'Connection closed': 'La conexión se cerró',
  'Disconnected by an operator': 'Desconectado por un operador',
  'It is not known whether WhatsApp took the message': 'No se sabe si WhatsApp aceptó el mensaje',
  'Logged out by an operator': 'Sesión de WhatsApp cerrada por un operador',
  'No such bot': 'Ese bot no existe',
  'No such operator': 'Ese operador no existe',
  'No such session': 'Ese chat no existe',
  'Nobody scanned the QR code': 'Nadie escaneó el código QR',
  'Removed by an operator': 'Eliminado por un operador',
  'Somebody else answers this chat now': 'Otra persona responde ahora este chat',
  'That username is taken': 'Ese usuario ya existe',
  'The bot is not linked to a phone': 'El bot no está vinculado a ningún teléfono',
  "The bot isn't connected": 'El bot no está conectado',
  'The connection was lost': 'Se perdió la conexión',
  'The last admin has to stay one': 'El último administrador tiene que seguir siéndolo',
  "The store can't be reached right now": 'Ahora mismo no se llega al almacén de datos',
  'The WhatsApp process has ended': 'El proceso de WhatsApp terminó',
  'The WhatsApp process is starting; try again':
    'El proceso de WhatsApp está arrancando; inténtalo de nuevo',
  'There is no QR code to scan': 'No hay código QR que escanear',
  'There is nothing to send': 'No hay nada que enviar',
  'This needs an admin': 'Esto requiere un administrador',
  'Unlinked from the phone': 'Desvinculado desde el teléfono',
  'Unlinked from the phone; connect and scan a new QR code':
    'Desvinculado desde el teléfono; conéctalo y escanea un código QR nuevo',
  'WhatsApp closed the connection': 'WhatsApp cerró la conexión',
  'WhatsApp did not take the message within 30 s': 'WhatsApp no aceptó el mensaje en 30 s',
  'WhatsApp has banned this number for a time; look at the phone':
    'WhatsApp suspendió este número por un tiempo; mira el teléfono',
  'WhatsApp has locked or banned this number; look at the phone':
    'WhatsApp bloqueó o suspendió este número; mira el teléfono',
  'WhatsApp has trouble of its own': 'WhatsApp tiene problemas propios',
  'WhatsApp no longer takes this client; upgrade Pulso':
    'WhatsApp ya no acepta este cliente; actualiza Pulso',
};

const spanish = language.toLowerCase().startsWith('es');

/** @template {string | null | undefined} T @param {T} text @returns {T | string} */
export const translateServerText = (text) => (spanish && text ? (SPANISH[text] ?? text) : text);
